def announce(bus, event):
    try:
        bus.send(event)
    except Exception:
        pass  # the listener may be gone; the next event tells it all
