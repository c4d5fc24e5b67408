"""Remote signing by the CSC API v2: the HTTP client, and a small conforming test server.

`client` carries requests of `core.signing.csc` over HTTP, with tokens bound to the sender (DPoP).
`service` holds the rules of a service (who may sign which digest, once), `server` puts them behind
HTTP. The server is for tests and the demonstration: its state lives in memory.
"""
