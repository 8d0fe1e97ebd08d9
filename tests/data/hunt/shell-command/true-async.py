import asyncio


async def ping(host):
    return await asyncio.create_subprocess_shell(f"ping -c1 {host}")  # HIT
