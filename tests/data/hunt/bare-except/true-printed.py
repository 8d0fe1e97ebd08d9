import traceback


def step(job):
    try:
        job.run()
    except:  # HIT
        traceback.print_exc()
        job.state = "failed"
