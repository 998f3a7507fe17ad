"""Special functions the compiler can vectorise: straight-line polynomials, no branches, no tables.

Numba calls the C library for each exp and log; these are inlined into loops and run on as many numbers as
a register holds. Tested against mpmath to 2 units in the last place.
"""

from __future__ import annotations

import numpy as np
from numba import types
from numba.extending import intrinsic

from latently.kernels.compiling import ordered

LOWEST = -708.0
SHIFT = 1.5 * 2.0**52 + 1023.0  # the last term is what the exponent of a float64 is counted from
OVER_LOG_2, LOG_2, REST_OF_LOG_2 = 1.4426950408889634, 0.693145751953125, 1.42860682030941723212e-6
# Of exp(f), |f| <= log(2) / 2, the last first: a minimax polynomial, relative error 4e-18.
TERMS = (
    2.5000072190215835e-08,
    2.7630234052893854e-07,
    2.755758626743288e-06,
    2.4801493135841673e-05,
    0.00019841269506777747,
    0.0013888888943597998,
    0.008333333333494335,
    0.041666666666530267,
    0.16666666666666413,
    0.5000000000000011,
    1.0,
    1.0,
)

# These are `ordered`: reassociation would fold the range reduction of exp away. Without NumPy's error model
# each division is a branch that can raise, and no loop with the function in it is vectorised; nor is one
# that still calls it.


@intrinsic
def bits_of(typingctx, x):
    """The bits of a float64, as an int64."""

    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], context.get_value_type(types.int64))

    return types.int64(types.float64), codegen


@intrinsic
def float_of(typingctx, n):
    """The float64 that has the given bits."""

    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], context.get_value_type(types.float64))

    return types.float64(types.int64), codegen


@ordered
def exp(x):
    """exp(x) for x up to 709; zero from -708 down, where the result would be subnormal."""
    v = LOWEST if x < LOWEST else x
    # Adding so large a number rounds: k, and the exponent of 2^k, are the last bits of the sum.
    shifted = v * OVER_LOG_2 + SHIFT
    k = shifted - SHIFT
    f = (v - k * LOG_2) - k * REST_OF_LOG_2
    p = TERMS[0]
    p = p * f + TERMS[1]
    p = p * f + TERMS[2]
    p = p * f + TERMS[3]
    p = p * f + TERMS[4]
    p = p * f + TERMS[5]
    p = p * f + TERMS[6]
    p = p * f + TERMS[7]
    p = p * f + TERMS[8]
    p = p * f + TERMS[9]
    p = p * f + TERMS[10]
    p = p * f + TERMS[11]
    return 0.0 if x <= LOWEST else p * float_of(bits_of(shifted) << 52)


@ordered
def log(x):
    """log(x) for normal x > 0, by the series of atanh (Cody & Waite 1980, chapter 5)."""
    bits = bits_of(x)
    # Split x = 2^e m with m in [sqrt(1/2), sqrt(2)).
    shifted = bits - np.int64(4604544271217802189)
    e = shifted >> 52
    m = float_of(bits - (e << 52))
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    p = 1.479819860511658591e-01
    p = p * z + 1.531383769920937332e-01
    p = p * z + 1.818357216161805012e-01
    p = p * z + 2.222219843214978396e-01
    p = p * z + 2.857142874366239149e-01
    p = p * z + 3.999999999940941908e-01
    p = p * z + 6.666666666666735130e-01
    half = 0.5 * f * f
    low = np.float64(e) * 1.90821492927058770002e-10
    return np.float64(e) * 6.93147180369123816490e-01 - ((half - (s * (half + p * z) + low)) - f)


@ordered
def digamma(x):
    """psi(x) for x > 0: shifted up by eight, then the asymptotic series (Abramowitz & Stegun 6.3.18)."""
    y = x + 8.0
    # The eight terms 1/(x + i) of the shift in pairs (x + i)(x + 7 - i), over one denominator.
    a = x * (x + 7.0)
    b, c, d = a + 6.0, a + 10.0, a + 12.0
    bc, ad = b * c, a * d
    product = bc * ad
    pairs = bc * (a + d) + ad * (b + c)
    reciprocal = 1.0 / (product * y)
    i = product * reciprocal
    z = i * i
    p = 3617.0 / 8160.0
    p = 1.0 / 12.0 - z * p
    p = 691.0 / 32760.0 - z * p
    p = 1.0 / 132.0 - z * p
    p = 1.0 / 240.0 - z * p
    p = 1.0 / 252.0 - z * p
    p = 1.0 / 120.0 - z * p
    p = 1.0 / 12.0 - z * p
    return log(y) - 0.5 * i - z * p - (2.0 * x + 7.0) * pairs * y * reciprocal


@ordered
def lgamma(x):
    """Log of Gamma(x), x > 0: shifted up by eight, then Stirling's series (Abramowitz & Stegun 6.1.40)."""
    y = x + 8.0
    a = x * (x + 7.0)
    product = a * (a + 6.0) * (a + 10.0) * (a + 12.0)
    i = 1.0 / y
    z = i * i
    p = 3617.0 / 122400.0
    p = 1.0 / 156.0 - z * p
    p = 691.0 / 360360.0 - z * p
    p = 1.0 / 1188.0 - z * p
    p = 1.0 / 1680.0 - z * p
    p = 1.0 / 1260.0 - z * p
    p = 1.0 / 360.0 - z * p
    p = 1.0 / 12.0 - z * p
    return (y - 0.5) * log(y) - y + 0.9189385332046727418 + i * p - log(product)
