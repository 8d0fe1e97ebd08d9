import asyncio

from shop.jobs import work

asyncio.run(work())
