# exit.sh CODE COMMAND...: runs the command, prints its exit code and what it says on stderr; fails unless the code is CODE
# and stdout (where results go) stays empty, or is help.
wanted=$1
shift
messages=$("$@" 2>&1)
code=$?
echo "exit code $code"
echo "$messages"
[ "$code" = "$wanted" ]
