def alpha(x):
    return x + 1


async def deliver(parcel, street):  # HIT
    await street.open()  # YOUNG
    await street.put(parcel)  # YOUNG
    await street.close()
    return parcel
