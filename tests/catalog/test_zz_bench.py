import time, sys
sys.path.insert(0,"/work/main/tests/catalog")
from conftest import Shop
import pytest
from catalog.redemption.place import OrderRequest, place_order
from mall.db import Login
from datetime import datetime, UTC
def test_bench(app, run):
    import logging, structlog
    shop=Shop(app, run)
    m=shop.member(100000)
    g=shop.gift(1, stock=1000); s=shop.gift(1, stock=0)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    client=app.test_client()
    def t(gift,n):
        for i in range(20): client.post("/api/v1/orders", json={"gift":gift}, headers={**m.auth,"Idempotency-Key":f"w{gift}{i}"})
        a=time.perf_counter()
        for i in range(n): r=client.post("/api/v1/orders", json={"gift":gift}, headers={**m.auth,"Idempotency-Key":f"b{gift}{i}"})
        return (time.perf_counter()-a)/n*1000
    w=t(g,150); l=t(s,150)
    out=[f"http: winning {w:.2f} ms sold-out {l:.2f} ms ratio {w/l:.2f}"]
    a=time.perf_counter()
    for i in range(150): run(Login.REDEMPTION, lambda tx: place_order(tx, m.id, OrderRequest(g), datetime.now(UTC)))
    out.append(f"use case {(time.perf_counter()-a)/150*1000:.2f}")
    a=time.perf_counter()
    for i in range(150): run(Login.REDEMPTION, lambda tx: None)
    out.append(f"empty tx {(time.perf_counter()-a)/150*1000:.2f}")
    a=time.perf_counter()
    for i in range(150): client.get("/livez")
    out.append(f"livez {(time.perf_counter()-a)/150*1000:.2f}")
    def prof(gift, name):
        import cProfile, pstats, io
        p=cProfile.Profile(); p.enable()
        for i in range(100): client.post("/api/v1/orders", json={"gift":gift}, headers={**m.auth,"Idempotency-Key":f"p{gift}{i}"})
        p.disable(); b=io.StringIO(); pstats.Stats(p,stream=b).sort_stats("cumtime").print_stats(45); open(f"/tmp/prof_{name}.txt","w").write(b.getvalue())
    prof(g,"win"); prof(s,"lose")
    open("/tmp/e_bench.txt","w").write("\n".join(out))
