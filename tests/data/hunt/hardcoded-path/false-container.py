WORK = "/home/node/app"
RUNNER = "/home/runner/work/shop"
