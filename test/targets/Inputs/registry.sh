# Compares the folders of targets/ with the targets that gemmac lists. $1: the repository.
cd "$1/targets" || exit 1
folders=$(for file in */Target.cpp; do dirname "$file"; done | grep -v '^template$' | sort)
listed=$(gemmac targets | sed -n 's/^\([^ ]*\)  (.*/\1/p')
if [ "$folders" = "$listed" ]; then
  echo "every target is listed once"
else
  echo "folders: $folders"
  echo "listed: $listed"
fi
