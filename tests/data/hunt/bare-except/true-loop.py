def poll(queue, handle):
    while True:
        try:
            handle(queue.get())
        except:  # HIT
            continue
