"""links.py ROOT: every relative link of the Markdown pages in ROOT (its docs, READMEs, CONTRIBUTING) leads to a file."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
pages = [*root.glob('*.md'), *root.glob('docs/**/*.md'), *root.glob('dialects/*/*.md'), *root.glob('targets/*/*.md')]
dead = [f'{page.relative_to(root)}: {link}' for page in pages
        for link in re.findall(r'\]\(([^)#:]+)(?:#[^)]*)?\)', page.read_text())
        if not (page.parent / link).exists()]
print('\n'.join(dead) or f'{len(pages)} pages, no dead link')
sys.exit(1 if dead else 0)
