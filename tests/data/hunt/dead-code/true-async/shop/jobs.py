async def work():
    return 1


async def work_slowly_for_demo():  # HIT
    return 2
