"""The HTTP/1.1 server: uvicorn with limits on heads, bodies, times and memory."""
