# at: tests/test_async.py
import asyncio


async def test_async(server):
    task = asyncio.create_task(server.start())
    await asyncio.sleep(0.2)  # HIT
    assert server.ready
    task.cancel()
