def notify(user, mailer):
    try:
        mailer.deliver(user.address)
    except BaseException:  # HIT
        pass
