"""The least that a pod can be for its probes: `python probed_pod.py IP PORT` responds 200."""

import asyncio
import sys

_RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


async def _respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(_RESPONSE)
    writer.close()


async def _serve(ip: str, port: int) -> None:
    server = await asyncio.start_server(_respond, ip, port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2])))
