def run(plugin, report):
    try:
        plugin()
    except:  # noqa: E722 (a plugin may raise anything, SystemExit too)
        report(plugin)
