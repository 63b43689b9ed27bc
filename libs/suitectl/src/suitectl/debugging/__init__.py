"""`make debug`: one replica of a service under a debugger, which survives its reloads."""
