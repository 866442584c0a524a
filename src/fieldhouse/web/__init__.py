"""`fieldhouse serve`: pages, an API and ThingSpeak's own endpoints over one warehouse.

`app` puts it together; `guard` stands before every request and asks `access` who is there; `jobs`
keeps channels current meanwhile; `serving` is the process. What a request works with is `Served`.
"""
