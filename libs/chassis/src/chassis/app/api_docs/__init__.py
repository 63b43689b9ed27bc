"""`/openapi.json`, and `/docs`: Swagger UI on it, served by the service itself.

Under the profile `dev` they are open; elsewhere they need a token, like every other path.
"""
