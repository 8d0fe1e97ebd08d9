try:
    import numpy
except ImportError:
    HAS_NUMPY = False
else:
    HAS_NUMPY = True
