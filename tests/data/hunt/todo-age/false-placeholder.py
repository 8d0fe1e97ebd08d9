NUMBER = "XXX-XXX"  # XXX-XXX-1234 as shown to people
