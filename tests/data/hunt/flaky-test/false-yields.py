# at: tests/test_yields.py
import asyncio


async def test_yields(loop):
    await asyncio.sleep(0)
    assert loop.turns == 1
