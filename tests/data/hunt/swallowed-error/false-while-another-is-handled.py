def run(job, report):
    try:
        job.run()
    except ValueError:
        try:
            report(job)
        except Exception:
            pass
        raise
