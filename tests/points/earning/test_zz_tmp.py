from mall.db import *
def test_compare(app):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    import points.earning.rule_models, points.earning.source_models, points.checkin.models, points.standing.models
    with engine(Login.OWNER).connect() as c:
        ctx=MigrationContext.configure(c,opts={"include_schemas":True,"compare_type":True,"compare_server_default":True,"include_name":lambda n,k,p: k!="schema" or n in ("public","ledger","sources",None)})
        for d in compare_metadata(ctx,Base.metadata):
            print(d)
