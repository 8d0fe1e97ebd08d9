set -eu
#TODO quote the names  # HIT
cp $1 $2
