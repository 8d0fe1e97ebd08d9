def transfer(session, amount):
    try:
        session.take(amount)
    except:
        session.rollback()
        raise
