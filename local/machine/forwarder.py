"""A listener that passes connections on: `python -m local.machine.forwarder PORT TARGET`, both on loopback."""

import asyncio
import contextlib
import sys

_HOST = "127.0.0.1"
_CHUNK = 65_536  # bytes


async def main(port: int, target: int) -> None:
    """Serve until the process is told to end; a connection whose target does not answer is closed."""

    async def serve(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            server, to_server = await asyncio.open_connection(_HOST, target)
        except OSError:
            to_client.close()
            return
        await asyncio.gather(_pass(client, to_server), _pass(server, to_client))

    listener = await asyncio.start_server(serve, _HOST, port)
    async with listener:
        await listener.serve_forever()


async def _pass(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Until the source ends; whatever it is that breaks, the other end sees its connection close."""
    with contextlib.suppress(OSError), contextlib.closing(sink):
        while chunk := await source.read(_CHUNK):
            sink.write(chunk)
            await sink.drain()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
