" Indentation of ProcLang scripts: a step for each line that leaves brackets open, as `proclang fmt` does it.
if exists('b:did_indent')
  finish
endif
let b:did_indent = 1

setlocal indentexpr=GetProclangIndent(v:lnum)
setlocal indentkeys=0{,0},0),0],!^F,o,O,0.
setlocal nolisp noautoindent
let b:undo_indent = 'setlocal indentexpr< indentkeys< lisp< autoindent<'

if exists('*GetProclangIndent')
  finish
endif

" The line without what cannot open or close anything.
function s:Code(lnum) abort
  let line = substitute(getline(a:lnum), "'[^']*'", "''", 'g')
  let line = substitute(line, '"\%(\\.\|[^"\\]\)*"', '""', 'g')
  return substitute(line, '#.*$', '', '')
endfunction

function s:InString(lnum) abort
  for id in synstack(a:lnum, 1)
    if synIDattr(id, 'name') ==# 'proclangLines'
      return 1
    endif
  endfor
  return 0
endfunction

function GetProclangIndent(lnum) abort
  " The lines of a multi-line string belong to whoever wrote them.
  if s:InString(a:lnum)
    return -1
  endif
  let previous = prevnonblank(a:lnum - 1)
  while previous > 0 && s:InString(previous)
    let previous -= 1
  endwhile
  if previous == 0
    return 0
  endif
  let indent = indent(previous)
  let before = s:Code(previous)
  let line = s:Code(a:lnum)
  " Brackets that close at the beginning of a line have had their effect on that line already.
  let rest = substitute(before, '^\s*[)\]}]*', '', '')
  let open = count(rest, '(') + count(rest, '[') + count(rest, '{')
  let close = count(rest, ')') + count(rest, ']') + count(rest, '}')
  if open > close
    let indent += shiftwidth()
  elseif close > open
    let indent -= shiftwidth()
  endif
  if line =~# '^\s*[)\]}]'
    let indent -= shiftwidth()
  endif
  " A chain of calls hangs one step below its first line.
  let chained = before =~# '^\s*\.\w'
  if line =~# '^\s*\.\w' && !chained
    let indent += shiftwidth()
  elseif line !~# '^\s*\.\w' && chained
    let indent -= shiftwidth()
  endif
  return indent < 0 ? 0 : indent
endfunction
