AUTHOR = 'Ada Quill'
SITENAME = 'Slow Rivers'
SITEURL = 'https://example.org'
PATH = 'content'
ARTICLE_PATHS = ['articles']
