"""Grooves with a swing, a clave or a drop: jazz, Brazil, Cuba, Jamaica; two for evaluation only.

Notation: see `patterns`. Samba and Cuban patterns write one cycle of two 2/4 (or cut) bars as
sixteenths of one 4/4 bar; the bossa clave spans two bars of eighths, as it is played at its
quarter-note tempo.
"""

JAZZ = """
= ride-swing triplet
ride   x..X.ox..X.o
pedal  ...x.....x..
kick   g..g..g..g..
snare  .....?.....?

= hat-swing triplet
open   x.....x.....
hat    ...x.o...x.o
kick   o..s..o..s..
snare  ........g...

= brushes triplet
snare  o.go.oo.go.o
pedal  ...x.....x..
kick   s...........

= comping triplet
ride   x..X.ox..X.o
pedal  ...x.....x..
snare  ..g..x..g...|.....g..x..g
kick   ........x...|..x........?

= shuffle triplet
hat    x.ox.ox.ox.o
snare  ...X.....X..
kick   x..s..x..s..
ride   ?...........

= two-feel triplet
hat    x..X..x..X.o
rim    .........X..
kick   x.....x.....

= quarter-drive triplet
ride   X..X..X..X..
pedal  ...x.....x..
snare  .....g.x...x|..g..x......
floor  ...........o|.....o......

= broken-ride held triplet
ride   x....oX..x..|..x..X..x..o
pedal  ...x.....x..
kick   .....o......|x.......o...
snare  ........g..o|...g........
"""

BOSSA_NOVA = """
= clave-three-two
kick   X.....x.X.....x.
rim    X.....X.....X...|....X.....X.....
hat    x.o.x.o.x.o.x.o.

= clave-two-three
kick   X.....x.X.....x.
rim    ....X.....X.....|X.....X.....X...
shaker x.o.x.o.x.o.x.o.
pedal  ....o.......o...

= brushed
kick   X.....x.X.....x.
snare  o.g.o.g.o.g.o.g.
rim    X.....X.....X...|....X.....X.....
pedal  ....x.......x...

= ride
kick   X.....x.X.....x.
ride   x.o.x.o.x.o.x.o.
rim    x.....x...x.....|x.....x.....x...
pedal  ....x.......x...

= partido
kick   X......xX......x
rim    ..x.x...x..x..x.
hat    xoooxoooxoooxooo

= trio held
kick   X...x...X...x.x.
rim    X.....X.....X...|....X.....X.....
cabasa xosoxosoxosoxoso
triangle ......o.......o.
"""

SAMBA = """
= batucada
floor  s...X...s...X..?
snare  XggXgXgXgXggXgXg
block  x.x.xx.x.x.x.xx.
shaker xoosxoosxoosxoos

= kit
kick   x..xX..xx..xX..x
snare  x.gx.g.x.gx.gx.g
hat    xoooxoooxoooxooo
pedal  ....x.......x...

= pagode
floor  s...X..os...X..o
tamb   XoosXoosXoosXoos
conga  ..o.x.o...o.x.o.
rim    ..............?.

= partido-alto
floor  ....X.......X...
tamb   xoxoxoxoxoxoxoxo
rim    .x.xx..x.x..x.x.
agogo  x.x...x.x..x....
lowagogo ....xx....x..xx.

= samba-reggae
floor  ....X..x....X.x.
lowtom x.......x.......
snare  x..x..xgx..x..x.
hightom ..o...o...o...oo

= cuica-street
kick   s...X...s...X...
cuica  x.x..x.x..x.x...
snare  gXgggXgggXgggXgX
shaker oooooooooooooooo

= samba-funk held
kick   X..xX..xX..xX..x
snare  ....x..g.g..x..g
cowbell x.x.xx.x.x.xx.x.
hat    x.o.x.o.x.o.x.o.
"""

REGGAE = """
= one-drop
kick   ........X.......
rim    ........X.......
hat    o.x.o.x.o.x.o.x.

= rockers
kick   X.......X...x...
snare  ........X......g
hat    x.x.x.x.x.x.x.x.
open   ......?.........

= steppers
kick   X...X...X...X...
rim    ........X.....?.
hat    xsosxsosxsosxsos
tamb   ....x.......x...

= flyers
kick   ........X.......
snare  ........X......g
open   ..x...x...x...x.
hat    x...x...x...x...

= shuffle-one-drop triplet
kick   ......X.....
rim    ......X....?
hat    x.ox.ox.ox.o

= dub
kick   X.......X..x....|........X.......
rim    ...x..x.X.......|......x.X..x....
hat    x...o...x...o...
splash ................|..............?.

= nyabinghi
kick   x..x....X..x....
rim    ........X.......
conga  ..o...o...o..oo.
lowconga x.......x.......
shaker x.o.x.o.x.o.x.o.

= rocksteady held
kick   x.......X.x.....
snare  ........X.......
rim    ....x.......x..x
hat    ..x...x...x...x.
"""

AFRO_CUBAN = """
= son-three-two
claves X..X..X...X.X...
slap   o...x...o...x...
conga  ......xx......xx
maracas xoooxoooxoooxooo

= son-two-three
claves ..X.X...X..X..X.
cowbell x...x.o.x.o.x.oo
conga  ......xx......xx
slap   ....x.......x...
kick   ...x..x....x..x.

= guaguanco
claves X..X...X..X.X...
block  x.xx.x.xx.x.xx.x
conga  ......x.....x.x.
lowconga ..o.......ox....

= cascara
timbale x.x.xx.x.xx.x.xx
claves X..X..X...X.X...
conga  ......xx......xx
lowconga ...x......x.....
kick   ...x.......x....

= cha-cha
cowbell x...x...x...x...
guiro  x.ooX.oox.ooX.oo
conga  ......xx......xx
slap   ....x.......x...
lowtimbale ..............x.

= mozambique
cowbell x.x.xx.xx.xx.x.x
conga  ......xx..x...x.
snare  ....g..x...gx...
kick   ...x..x.......x.

= songo held
kick   ...x..x....x..x.
snare  .g.gx.gg.g.gx..g
cowbell x...x...x...x...
conga  ......x.......xx
rim    ..x.......x.....
"""

REGGAETON = """
= dembow
kick   X...X...X...X...
snare  ...x..X....x..X.
hat    o.o.o.o.o.o.o.o.

= two-kicks
kick   X.......X.......
snare  ...x..X....x..X.
shaker xoooxoooxoooxooo
rim    ....?.......?...

= perreo
kick   X...X...X...X...
snare  ...x..X....x..X.
timbale ..........x.xxx.|................
open   ..x...x...x...x.
clap   ....x.......x...

= romantic
kick   X...x...X...x...
rim    ...x..X....x..X.
conga  ......o......ooo
maracas x.o.x.o.x.o.x.o.

= switched-snares
kick   X...X...X...X...
snare  ...x..X....x..X.|................
esnare ................|...x..X....x..X.
hat    ssosssosssosssos

= synth-dembow
kick   X..oX...X..oX...
clap   ...x..X....x..X.
hat    ..x...x...x...x.
tamb   x...x...x...x...
cowbell ?.?.............

= night held
kick   X...X...X.x.X...
esnare ...x..X....x..X.
hat    xx.xx.xxxx.xx.xx
lowbongo ..o.....o.o.....
"""

SOCA = """
= power
kick   X...X...X...X...
snare  ...x..X...x...X.
cowbell x.xx.xx.x.xx.xx.
open   ..x...x...x...x.

= groovy
kick   X..xX...X..xX...
snare  ...x..x...X..xx.
tamb   xoxoxoxoxoxoxoxo
conga  ..o...oo..o...oo

= chutney
kick   X...X...X...X...
rim    ..xx..xx..xx..x.
cowbell ..x...x...x...x.
hat    xoooxoooxoooxooo
"""

SECOND_LINE = """
= parade
kick   X..x..x.....x...|X..x..x.....X...
snare  x.gxgg.xg.xgx.gx|xggxgg.xg.xgX.xx
cowbell x...x...x...x...

= street-bounce
kick   X..x....x..x..x.
snare  g.gxg.xgg.gxx.xg
pedal  ....x.......x...
crash  ............x...|................

= funeral-march-up
kick   X.......x...X...
snare  xgxgXgxgxgxgXxgg
ride   x.o.x.o.x.o.x.o.
"""

FILLS = """
= snare-run 1
snare  xooX

= snare-build 2
snare  soooxxXX

= toms-down 2
hightom xx......
midtom ..oo....
lowtom ....oo..
floor  ......xX

= toms-short 1
midtom xo..
floor  ..xx

= snare-toms 2
snare  xoxo....
lowtom ....xo..
floor  ......xx

= flam-stop 1
snare  X.X.
kick   ..x.

= kick-snare 2
kick   X..x..x.
snare  ..xo.xXX

= open-lift 1
open   X...
snare  ..xx

= kick-out 1
clap   x.x.
hat    oooo

= clap-build 2
clap   x...x.xx
hat    o.o.o.o.

= roll 1
snare  ooooooxX

= noise-stop 2
open   X.......
rim    ......x.

= triplet-snare 1
snare  xox

= triplet-toms 2
hightom xo....
lowtom ..xo..
floor  ....xx

= triplet-comp 2
snare  x.ox.x
kick   ..o...

= timbale-abanico 1
timbale xxxxxX..

= timbale-run 2
timbale x.xxx.x.
lowtimbale .......x

= repique 2
hightom x.xxx.xx
snare  .o...o..

= conga-run 1
conga  xo..
lowconga ..xo

= rim-drop 1
rim    x..x
kick   ....
splash X...

= dub-roll 2
snare  x..x..xx
lowtom .......o

= hat-roll 1
hat    xoxoxoxo

= triplet-hat 1
hat    xooxoo
"""
