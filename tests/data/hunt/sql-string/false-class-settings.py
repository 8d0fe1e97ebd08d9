class Copy:
    prune_column = "day"

    def prune(self, cursor):
        cursor.execute("delete from %s where %s >= '%s'" % (self.table, self.prune_column, self.prune_date))
