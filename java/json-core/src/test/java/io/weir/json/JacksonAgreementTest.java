package io.weir.json;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.weir.registry.DecodeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Jackson's parser, told to be strict, and Java's UTF-8 decoder take the same values as the scanner
 * does; nothing else is ever thrown than a {@link DecodeException}.
 */
class JacksonAgreementTest {
  private static final int SEEDS = 100;
  private static final int VALUES = 1000;
  private static final JsonFactory JACKSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder().maxNestingDepth(JsonScanner.MAX_DEPTH).build())
          .build();

  static IntStream seeds() {
    return IntStream.range(0, SEEDS);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void bothTakeTheSameValues(int seed) {
    Random random = new Random(seed);
    RandomJson json = new RandomJson(random);
    JsonScanner scanner = new JsonScanner(PathNode.root());
    int taken = 0;
    for (int i = 0; i < VALUES; i++) {
      byte[] value = i % 10 == 0 ? RandomJson.noise(random) : json.damaged(json.record());
      boolean accepted = accepts(scanner, value);
      assertThat(accepted).as(Arrays.toString(value)).isEqualTo(jacksonAccepts(value));
      taken += accepted ? 1 : 0;
    }
    assertThat(taken).as("of both kinds").isBetween(VALUES / 20, VALUES * 19 / 20);
  }

  private static boolean accepts(JsonScanner scanner, byte[] value) {
    try {
      scanner.scan(value);
      return true;
    } catch (DecodeException e) {
      return false;
    }
  }

  private static boolean jacksonAccepts(byte[] value) {
    try {
      // As text, so that Jackson does not guess an encoding.
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value)).toString();
      return isObject(text);
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  private static boolean isObject(String text) {
    try (JsonParser parser = JACKSON.createParser(text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return false;
      }
      int depth = 1;
      while (depth > 0) {
        JsonToken token = parser.nextToken();
        if (token == null) {
          return false;
        }
        if (token == JsonToken.VALUE_STRING || token == JsonToken.FIELD_NAME) {
          parser.getText();
        }
        depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
      }
      return parser.nextToken() == null;
    } catch (IOException e) {
      return false;
    }
  }
}
