def run(log):
    log.info("x")
