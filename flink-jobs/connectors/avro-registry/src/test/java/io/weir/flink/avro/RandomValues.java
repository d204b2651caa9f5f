package io.weir.flink.avro;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;

/** Random values for a writer schema, in Avro's generic form. */
final class RandomValues {
  private static final String[] TEXTS = {"", "EWR", "München", "東京", "𝄞 clef", "a longer text"};
  private final Random random;

  RandomValues(Random random) {
    this.random = random;
  }

  GenericData.Record record(Schema schema) {
    return (GenericData.Record) value(schema, 0);
  }

  private Object value(Schema schema, int depth) {
    return switch (schema.getType()) {
      case NULL -> null;
      case BOOLEAN -> random.nextBoolean();
      case INT -> integer(schema);
      case LONG -> longInteger(schema);
      case FLOAT -> random.nextFloat();
      case DOUBLE -> random.nextGaussian();
      case STRING -> TEXTS[random.nextInt(TEXTS.length)];
      case BYTES -> ByteBuffer.wrap(bytes(schema));
      case FIXED -> new GenericData.Fixed(schema, fixed(schema));
      case ENUM -> {
        List<String> symbols = schema.getEnumSymbols();
        yield new GenericData.EnumSymbol(schema, symbols.get(random.nextInt(symbols.size())));
      }
      case UNION -> value(schema.getTypes().get(random.nextInt(schema.getTypes().size())), depth);
      case ARRAY -> {
        List<Object> items = new ArrayList<>();
        for (int i = size(depth); i > 0; i--) {
          items.add(value(schema.getElementType(), depth + 1));
        }
        yield items;
      }
      case MAP -> {
        Map<String, Object> entries = new HashMap<>();
        for (int i = size(depth); i > 0; i--) {
          entries.put("k" + i, value(schema.getValueType(), depth + 1));
        }
        yield entries;
      }
      case RECORD -> {
        GenericData.Record record = new GenericData.Record(schema);
        for (Schema.Field field : schema.getFields()) {
          record.put(field.pos(), value(field.schema(), depth + 1));
        }
        yield record;
      }
    };
  }

  private int size(int depth) {
    return depth > 4 ? 0 : random.nextInt(4);
  }

  private int integer(Schema schema) {
    if (AvroTypes.isTime(schema)) {
      return random.nextInt(86_400_000);
    }
    return random.nextInt() >> random.nextInt(32);
  }

  private long longInteger(Schema schema) {
    if (AvroTypes.isTime(schema)) {
      return random.nextLong(86_400_000_000L);
    }
    return random.nextLong() >> random.nextInt(64);
  }

  private byte[] bytes(Schema schema) {
    if (schema.getLogicalType() instanceof LogicalTypes.Decimal decimal) {
      return unscaled(decimal).toByteArray();
    }
    // ASCII, because the reader may read it as a string.
    byte[] bytes = new byte[random.nextInt(12)];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (32 + random.nextInt(95));
    }
    return bytes;
  }

  private byte[] fixed(Schema schema) {
    byte[] bytes = new byte[schema.getFixedSize()];
    if (!(schema.getLogicalType() instanceof LogicalTypes.Decimal decimal)) {
      random.nextBytes(bytes);
      return bytes;
    }
    byte[] number = unscaled(decimal).toByteArray();
    Arrays.fill(bytes, (byte) (number[0] >> 7));
    System.arraycopy(number, 0, bytes, bytes.length - number.length, number.length);
    return bytes;
  }

  private BigInteger unscaled(LogicalTypes.Decimal decimal) {
    BigInteger limit = BigInteger.TEN.pow(decimal.getPrecision());
    BigInteger number = new BigInteger(limit.bitLength() + 8, random).mod(limit);
    return random.nextBoolean() ? number : number.negate();
  }
}
