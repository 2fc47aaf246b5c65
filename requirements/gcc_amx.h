/* Included before all C++ of llama.cpp where the processor has AMX; see bootstrap.py.

   `_tile_loadconfig` of GCC before 11.5, 12.4, 13.3 and 14 tells the compiler that it reads 8 bytes
   of the tile configuration. It reads 64, so most of what was stored there is dropped as never read
   (GCC bug 114098), and the first guide ends in a general protection fault. */
#if defined(__AMX_TILE__) && defined(__GNUC__) && !defined(__clang__)
#include <immintrin.h>
#define _tile_loadconfig(config) \
    __asm__ volatile("ldtilecfg\t%X0" ::"m"(*(const char(*)[64])(config)))
#endif
