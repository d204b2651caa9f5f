package io.weir.json;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;

/** Converts number literals of JSON (RFC 8259, section 6), exactly where the result is whole. */
final class Numbers {
  /** The maximum length of a literal: arithmetic on longer ones takes quadratic time. */
  static final int MAX_CHARACTERS = 1000;

  /** What a literal is not; no result of {@link #whole} in range. */
  static final long NONE = Long.MIN_VALUE;

  private static final int LONG_DIGITS = 18;

  /** Every whole number of so many digits is a double, and so is every such power of ten. */
  private static final int DOUBLE_DIGITS = 15;

  private static final double[] POWERS_OF_TEN = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15
  };

  /** An exponent beyond it makes any literal too large, or a fraction. */
  private static final long MAX_EXPONENT = 1_000_000_000_000L;

  private Numbers() {}

  /** The end of the literal that starts here, or -1 if none does. */
  static int end(byte[] bytes, int start, int limit) {
    int i = start < limit && bytes[start] == '-' ? start + 1 : start;
    int digits = i;
    i = digitsEnd(bytes, i, limit);
    if (i == digits) {
      return -1;
    }
    if (bytes[digits] == '0') {
      i = digits + 1;
    }
    if (i < limit && bytes[i] == '.') {
      int fraction = i + 1;
      i = digitsEnd(bytes, fraction, limit);
      if (i == fraction) {
        return -1;
      }
    }
    if (i < limit && (bytes[i] | 0x20) == 'e') {
      int exponent = i + 1;
      if (exponent < limit && (bytes[exponent] == '+' || bytes[exponent] == '-')) {
        exponent++;
      }
      i = digitsEnd(bytes, exponent, limit);
      if (i == exponent) {
        return -1;
      }
    }
    return i;
  }

  private static int digitsEnd(byte[] bytes, int start, int limit) {
    int i = start;
    while (i < limit && bytes[i] >= '0' && bytes[i] <= '9') {
      i++;
    }
    return i;
  }

  /** Whether the text is a literal and nothing else. */
  static boolean isLiteral(byte[] bytes, int start, int end) {
    return end(bytes, start, end) == end;
  }

  /**
   * The value of a literal of up to 18 digits without fraction and exponent; {@link #NONE} for any
   * other.
   */
  static long digits(byte[] bytes, int start, int end) {
    boolean negative = bytes[start] == '-';
    int i = negative ? start + 1 : start;
    if (end - i > LONG_DIGITS) {
      return NONE;
    }
    long value = 0;
    for (; i < end; i++) {
      int digit = bytes[i] - '0';
      if (digit < 0 || digit > 9) {
        return NONE;
      }
      value = value * 10 + digit;
    }
    return negative ? -value : value;
  }

  /**
   * The value of a literal times 10^{@code shift} as a whole number.
   *
   * @param floor whether a fraction is cut; otherwise it has no whole number
   * @return null if the result is not whole or does not fit
   */
  static Long whole(byte[] bytes, int start, int end, int shift, boolean floor) {
    int mantissaEnd = start;
    int point = -1;
    for (; mantissaEnd < end && (bytes[mantissaEnd] | 0x20) != 'e'; mantissaEnd++) {
      point = bytes[mantissaEnd] == '.' ? mantissaEnd : point;
    }
    String mantissa = ascii(bytes, start, mantissaEnd);
    BigInteger unscaled = new BigInteger(mantissa.replace(".", ""));
    if (unscaled.signum() == 0) {
      return 0L;
    }
    long decimals = point < 0 ? 0 : mantissaEnd - point - 1;
    long power = shift + exponent(bytes, mantissaEnd, end) - decimals;
    long magnitude = digitCount(unscaled) + power; // The digits before the decimal point.
    if (magnitude > Long.toString(Long.MAX_VALUE).length()) {
      return null;
    }
    if (power >= 0) {
      return fitting(unscaled.multiply(BigInteger.TEN.pow((int) power)));
    }
    if (magnitude <= 0) {
      return floor ? (Long) (unscaled.signum() < 0 ? -1L : 0L) : null;
    }
    BigInteger[] parts = unscaled.divideAndRemainder(BigInteger.TEN.pow((int) -power));
    if (parts[1].signum() == 0) {
      return fitting(parts[0]);
    }
    return floor
        ? fitting(parts[1].signum() < 0 ? parts[0].subtract(BigInteger.ONE) : parts[0])
        : null;
  }

  private static Long fitting(BigInteger value) {
    return value.bitLength() < Long.SIZE ? (Long) value.longValue() : null;
  }

  private static int digitCount(BigInteger value) {
    return value.abs().toString().length();
  }

  /** The exponent after the mantissa, 0 if there is none, cut to {@link #MAX_EXPONENT}. */
  private static long exponent(byte[] bytes, int start, int end) {
    if (start == end) {
      return 0;
    }
    boolean negative = bytes[start + 1] == '-';
    long exponent = 0;
    for (int i = start + 1; i < end; i++) {
      if (bytes[i] >= '0') {
        exponent = Math.min(exponent * 10 + bytes[i] - '0', MAX_EXPONENT);
      }
    }
    return negative ? -exponent : exponent;
  }

  /** The nearest double; infinite if the literal is beyond all doubles. */
  static double nearest(byte[] bytes, int start, int end) {
    int i = bytes[start] == '-' ? start + 1 : start;
    if (end - i > DOUBLE_DIGITS + 1) {
      return Double.parseDouble(ascii(bytes, start, end));
    }
    long digits = 0;
    int point = end - 1;
    for (; i < end; i++) {
      if (bytes[i] == '.') {
        point = i;
      } else if (bytes[i] >= '0' && bytes[i] <= '9') {
        digits = digits * 10 + bytes[i] - '0';
      } else {
        return Double.parseDouble(ascii(bytes, start, end));
      }
    }
    if (digits >= POWERS_OF_TEN[DOUBLE_DIGITS]) {
      return Double.parseDouble(ascii(bytes, start, end));
    }
    // Both are doubles, so that their quotient is rounded once (W. D. Clinger, 1990).
    double value = digits / POWERS_OF_TEN[end - 1 - point];
    return bytes[start] == '-' ? -value : value;
  }

  private static String ascii(byte[] bytes, int start, int end) {
    return new String(bytes, start, end - start, StandardCharsets.ISO_8859_1);
  }
}
