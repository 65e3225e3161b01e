autocmd BufNewFile,BufRead *.proc setfiletype proclang
