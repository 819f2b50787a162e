"""How bytes move between the client and a server; knows nothing of Ironflow but its errors."""
