# XXX chord is also a class in the outer scope
# HACK-free zone, see TODO.md
# The todo list is kept in the database
chord = 1
