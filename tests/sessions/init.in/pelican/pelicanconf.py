AUTHOR = 'Ada Quill'
SITENAME = "Slow Rivers"
SITEURL = ""
PATH = "content"
TIMEZONE = 'Europe/Rome'
DEFAULT_LANG = 'it'
ARTICLE_URL = 'posts/{date:%Y}/{date:%m}/{slug}/'
