def publish(bus, event):
    try:
        bus.send(event)
    except Exception:  # HIT
        pass
