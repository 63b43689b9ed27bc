"""The HTTP/1.1 server: uvicorn within bounds on heads, bodies, times and memory."""
