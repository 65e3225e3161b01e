" Comments, indentation and `:make` of ProcLang scripts.
if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1

setlocal comments=:# commentstring=#\ %s
setlocal expandtab shiftwidth=4 softtabstop=4
setlocal suffixesadd=.proc
" `:make` shows what `proclang check` finds; `gq` formats with `proclang fmt` where the whole text is given.
setlocal makeprg=proclang\ check\ --color\ never\ %:S
setlocal errorformat=%Eerror:\ %m,%Wwarning:\ %m,%C\ %#-->\ %f:%l:%c,%C%.%#,%-G%.%#

let b:undo_ftplugin = 'setlocal comments< commentstring< expandtab< shiftwidth< softtabstop< suffixesadd< makeprg< errorformat<'
