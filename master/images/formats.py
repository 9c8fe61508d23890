"""Signatures and limits of the image formats that are read.

gif_bmp reads by these rules in TensorFlow, image_check without it.
"""

# A picture of more pixels is no word. A small file can declare, and even
# hold, so many that decoding it takes all memory.
MAX_PIXELS = 1 << 26

# What BMP headers are long, in bytes: of Windows from version 3 on, and of
# OS/2 version 2. Before, sizes were given in another way.
BMP_HEADERS = (40, 52, 56, 64, 108, 124)
BMP_DEPTHS = (8, 24, 32)  # bits of a pixel
# Where red, green and blue are in 32 bits, if a BMP says so.
BMP_MASKS = (0xff0000, 0xff00, 0xff)

# How far, and behind how many extensions, a GIF's first picture is looked for.
MAX_GIF_BYTES = 1 << 24
MAX_GIF_EXTENSIONS = 1 << 10
