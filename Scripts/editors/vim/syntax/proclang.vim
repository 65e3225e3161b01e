" Syntax of ProcLang scripts, for Vim and Neovim.
" words.json is what the real lexer knows; a test compares.
if exists('b:current_syntax')
  finish
endif

syntax case match
syntax iskeyword @,48-57,_,192-255
syntax sync fromstart

syntax keyword proclangDeclaration channel func let pipe process queue shared var
syntax keyword proclangStatement break catch continue finally lock raise return start try
syntax keyword proclangConditional case else if match select
syntax keyword proclangRepeat for loop parallel while
syntax keyword proclangInclude import
syntax keyword proclangWordOperator and in is not or
syntax keyword proclangConstant false nil true
syntax keyword proclangType any bool bytes float float32 float64 handle int int16 int32 int64 int8 list map module
syntax keyword proclangType namespace range string uint16 uint32 uint64 uint8
syntax keyword proclangFunction abs all assert barrier chr enumerate eprint error event exit filter input len max min
syntax keyword proclangFunction ord print repr reversed round semaphore sleep sorted str sum type zip
syntax keyword proclangModule fs json math os random time
syntax keyword proclangSelf self

" Words that mean something only inside one construct.
syntax match proclangContextual /\<\%(select\s\+\)\@<=first\ze\s*{/
syntax match proclangContextual /\<supervise\ze\%(\s\+\%(restarts\|within\|for\)\>\|\s*{\)/
syntax match proclangContextual /\<\%(restarts\|within\|limit\)\ze\s\+[[:alnum:]_(]/
syntax match proclangContextual /\<when\ze\s\+\S/
syntax match proclangContextual /^\s*\zsafter\ze\s\+[[:alnum:]_(]/
syntax match proclangContextual /^\s*\zsclosed\ze\s*{/
syntax match proclangContextual /\<as\ze\s\+\k\+\s*\%($\|[;#]\)/

" A word after a point is a member, whatever it is.
syntax match proclangMember /\.\@1<!\.\k\@=\K\k*/

syntax match proclangNumber /\<\d\+\%(_\d\+\)*\%(\.\d\+\%(_\d\+\)*\)\=\%([eE][-+]\=\d\+\)\=\%(us\|ms\|s\|m\|h\)\=\>/
syntax match proclangNumber /\<0[xX]\x\+\%(_\x\+\)*\>/
syntax match proclangNumber /\<0[oO]\o\+\%(_\o\+\)*\>/
syntax match proclangNumber /\<0[bB][01]\+\%(_[01]\+\)*\>/

syntax cluster proclangCode contains=proclangDeclaration,proclangStatement,proclangConditional,proclangRepeat
syntax cluster proclangCode add=proclangInclude,proclangWordOperator,proclangConstant,proclangType,proclangFunction
syntax cluster proclangCode add=proclangModule,proclangSelf,proclangContextual,proclangMember,proclangNumber
syntax cluster proclangCode add=proclangString,proclangLines,proclangRaw,proclangComment

syntax match proclangEscape /\\u{\x\+}\|\\./ contained
" "{value:format}": brackets inside the value are matched, so that their braces and colons do not end it.
syntax region proclangValue matchgroup=proclangInterpolation start=/{/ end=/}/ contained contains=@proclangCode,proclangNested,proclangFormat
syntax region proclangNested start=/(/ end=/)/ contained transparent contains=@proclangCode,proclangNested
syntax region proclangNested start=/\[/ end=/\]/ contained transparent contains=@proclangCode,proclangNested
syntax region proclangNested start=/{/ end=/}/ contained transparent contains=@proclangCode,proclangNested
syntax match proclangFormat /:[^{}"]*\ze}/ contained
syntax region proclangString start=/"/ end=/"/ oneline contains=proclangEscape,proclangValue
syntax region proclangLines start=/"""/ end=/"""/ contains=proclangEscape,proclangValue
syntax match proclangRaw /'[^']*'/

syntax match proclangComment /#.*/ contains=proclangTodo
syntax keyword proclangTodo TODO FIXME XXX contained

highlight default link proclangDeclaration Keyword
highlight default link proclangStatement Statement
highlight default link proclangConditional Conditional
highlight default link proclangRepeat Repeat
highlight default link proclangInclude Include
highlight default link proclangWordOperator Operator
highlight default link proclangContextual Statement
highlight default link proclangConstant Constant
highlight default link proclangType Type
highlight default link proclangFunction Function
highlight default link proclangModule Identifier
highlight default link proclangSelf Special
highlight default link proclangNumber Number
highlight default link proclangEscape SpecialChar
highlight default link proclangInterpolation Special
highlight default link proclangFormat Special
highlight default link proclangString String
highlight default link proclangLines String
highlight default link proclangRaw String
highlight default link proclangComment Comment
highlight default link proclangTodo Todo

let b:current_syntax = 'proclang'
