def run(job):
    try:
        job.prepare()
        job.start()
        job.wait()
    except Exception as error:
        return f"failed: {error}"
