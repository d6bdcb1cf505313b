"""Work that takes longer than anybody waits for a page: asked for, done by the worker, watched as it goes on."""
