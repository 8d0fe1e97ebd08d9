EXAMPLE = """
try:
    work()
except:
    pass
"""
