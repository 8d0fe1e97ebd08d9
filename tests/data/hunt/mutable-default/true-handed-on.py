def enqueue(queue, job, options={}):  # HIT
    queue.put(job, options)
