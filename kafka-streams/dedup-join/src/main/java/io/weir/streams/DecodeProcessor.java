package io.weir.streams;

import io.weir.registry.DecodeException;
import io.weir.registry.EventLimits;
import io.weir.registry.LetterLimit;
import io.weir.registry.SizeLimit;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/**
 * Decodes events and keys them by their id. A record that cannot be decoded, or that no table could
 * store, keeps its key and value and gets headers with its position and the reason. An unavailable
 * registry is not the record's fault: the thread fails and resumes from the last commit.
 */
final class DecodeProcessor implements Processor<byte[], byte[], byte[], Decoded> {
  private final EventReader reader;
  private final RowCodec id;
  private final int[] idColumns;
  private final int width;
  private final EventLimits.Check limits;
  private final LetterLimit.Window letters;
  private final SizeLimit sizeLimit;
  private final Counters counters;
  private ProcessorContext<byte[], Decoded> context;

  /**
   * @param width the number of columns in the rows that events become
   * @param limits of the first columns, which are the event's own
   */
  DecodeProcessor(
      EventReader reader,
      RowCodec id,
      List<Integer> idColumns,
      int width,
      EventLimits.Check limits,
      SizeLimit sizeLimit,
      Counters counters) {
    this.reader = reader;
    this.id = id;
    this.idColumns = idColumns.stream().mapToInt(Integer::intValue).toArray();
    this.width = width;
    this.limits = limits;
    this.letters = limits.letters();
    this.sizeLimit = sizeLimit;
    this.counters = counters;
  }

  @Override
  public void init(ProcessorContext<byte[], Decoded> context) {
    this.context = context;
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    counters.received.increment();
    try {
      sizeLimit.check(record.value());
      Object[] event = reader.read(record.value(), width);
      limits.require(new EventValues(event));
      letters.event();
      byte[] key = id.encode(Rows.pick(event, idColumns));
      // The producer's headers have no meaning here, so drop them.
      context.forward(new Record<>(key, new Decoded(event, null), record.timestamp()));
    } catch (DecodeException e) {
      letters.letter(e);
      counters.deadLetters.increment();
      context.forward(letter(record, e.getMessage()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The record, cut to the maximum event size, with its headers. */
  private Record<byte[], Decoded> letter(Record<byte[], byte[]> record, String reason) {
    return new Record<>(
        sizeLimit.kept(record.key()),
        new Decoded(null, sizeLimit.kept(record.value())),
        record.timestamp(),
        headers(record, reason));
  }

  /** Header values are UTF-8 text. */
  private RecordHeaders headers(Record<byte[], byte[]> record, String reason) {
    RecordMetadata origin = context.recordMetadata().orElseThrow();
    RecordHeaders headers = new RecordHeaders();
    add(headers, "weir.topic", origin.topic());
    add(headers, "weir.partition", origin.partition());
    add(headers, "weir.offset", origin.offset());
    add(headers, "weir.timestamp", record.timestamp());
    add(headers, "weir.reason", reason);
    if (sizeLimit.exceededBy(record.value())) {
      add(headers, "weir.truncated", true);
      add(headers, "weir.length", record.value().length);
      add(headers, "weir.sha256", SizeLimit.sha256(record.value()));
    }
    if (sizeLimit.exceededBy(record.key())) {
      add(headers, "weir.key-length", record.key().length);
    }
    return headers;
  }

  private static void add(RecordHeaders headers, String name, Object value) {
    headers.add(name, String.valueOf(value).getBytes(StandardCharsets.UTF_8));
  }
}
