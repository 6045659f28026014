"""Grooves of the drum machine: house, techno, trap, drum and bass. Notation: see `patterns`."""

HOUSE = """
= offbeat-open
kick   X...X...X...X...
clap   ....X.......X...
open   ..x...x...x...x.
hat    ?.?.?.?.?.?.?.?.

= deep-shaker
kick   X...X...X...X...
rim    ...x..x...x...x.
shaker xoooxoooxoooxooo
hat    ..x...x...x...x.

= skippy
kick   X...X...X...X...
clap   ....X.......X...
hat    ..xo..xo..xo..xo
open   ......x.......x.
snare  .......g.g.....g

= jacking
kick   X...X...X...X...
clap   ....X..x....X.x.
hat    oxoxoxoxoxoxoxox
lowtom ..o..o.....o..o.

= tribal
kick   X...X...X...X...
conga  ..x..x.x..x..x.x
slap   x...o...x...o...
tamb   ..x...x...x...x.
clap   ............X...

= organ-era
kick   X...X...X...X..x
snare  ....X.......X...
hat    x.xxx.xxx.xxx.xx
open   ..x...x...x...x.

= peak-ride held
kick   X...X...X...X...
clap   ....X.......X...
ride   x.X.x.X.x.X.x.X.
tamb   .oo..oo..oo..oo.
"""

TECHNO = """
= driving
kick   X...X...X...X...
hat    ssssssssssssssss
open   ..x...x...x...x.

= clicks
kick   X...X...X...X...
rim    ...x..x....x..x.
hat    ..x...x...x...xo
clap   ............X...

= rumble
kick   X...X...X...X...
floor  .oo..oo..oo..oo.
ride   ..x...x...x...x.

= warehouse
kick   X..xX...X..xX...
snare  ....X.......X..x
hat    .o.o.o.o.o.o.o.o
cowbell ......x......x..

= three-over-four
kick   X...X...X...X...
lowtom x..x..x..x..x..x
hat    ..x...x...x...x.
shaker oooooooooooooooo

= clap-machine
kick   X...X...X...X...
clap   ....X..o....X..o
ride   x.x.x.x.x.x.x.x.
maracas .o.o.o.o.o.o.o.o

= euclid held
kick   X...X...X...X...
block  x..x..x..x..x...
open   ..x...x...x...x.
snare  ....x.......x...
maracas oooooooooooooooo
"""

TRAP = """
= eighths-and-rolls
kick   X......x..x.....
snare  ........X.......
hat    x...x...x...x...x...x...x.x.xxxx|x...x...x.xxx...x...x...x.x.x.x.

= triplet-rolls
kick   X.....x.....x...
snare  ........X.......
clap   ........X.......
hat    x..x..x..x..xxxxxxx..x..|x..x..xxxxxxx..x..x..x..
open   ......x.......x.

= sparse-808
kick   X..............x|..x.......x.....
snare  ........X.......
clap   ........x.......
hat    x...x...x...x...|x...x...x...x.x.
rim    ..............?.|......x.........

= running-sixteenths
kick   X..x..x.........
clap   ........X.......
hat    xoooxoooxoooxooo
open   ......x.......x.

= sliding
kick   X.....x....x....|..x...x.......x.
snare  ........X.......|........X.....x.
hat    x..x..x.x..x..x.|x..x..x.x.xxx.x.

= bell-trap
kick   X.x.......x..x..
snare  ........X......g
hat    x.x.x.x.x.x.x.x.
cowbell x.....x.....x...
shaker ..x...x...x...x.

= triplet-bounce held
kick   X......x..x..x..
clap   ........X.......
hat    x.xx.xx.xx.x
open   ..............x.
"""

DRUM_AND_BASS = """
= two-step
kick   X.........x.....
snare  ....X.......X...
hat    x.o.x.o.x.o.x.o.

= ghosted-break
kick   X.x.......xx....
snare  ....X..g.g..X..g
ride   x.o.x.o.x.o.x.o.

= rolling
kick   X..x......x.....
snare  ....X..g.g..X.g.
hat    xoooxoooxoooxooo

= two-bar-break
kick   X.x.......x.....|..x.......x.....
snare  ....X..x.g..X..g|....X..g.x..X.x.
ride   x...x...x...x...
pedal  ..o...o...o...o.
open   ................|..............x.

= jump-up
kick   X..x..x...x.....
snare  ....X.......X...
open   ..x...x...x...x.
shaker oooooooooooooooo

= techstep
kick   X......x..x.....
snare  ....X.......X...
ride   x...x...x...x...
hat    ..oo..oo..oo..oo

= bell-stepper held
kick   X.....x...x..x..
snare  ....X..g....X..g
bell   ..x...x...x...x.
hat    o.o.o.o.o.o.o.o.
"""
