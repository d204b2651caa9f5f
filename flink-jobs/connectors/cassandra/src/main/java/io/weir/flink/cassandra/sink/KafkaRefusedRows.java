package io.weir.flink.cassandra.sink;

import io.weir.cassandra.statement.RefusedRow;
import io.weir.flink.cassandra.RefusedTopic;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.Producer;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends rejected rows to a topic, with the client of Flink's Kafka connector. A restarted job may
 * send a row again. The producer is created for the first such row.
 */
final class KafkaRefusedRows implements RefusedRows {
  private final RefusedTopic topic;
  private Producer<byte[], byte[]> producer;

  KafkaRefusedRows(RefusedTopic topic) {
    this.topic = topic;
  }

  @Override
  public synchronized CompletableFuture<Void> take(RefusedRow row) {
    if (producer == null) {
      Map<String, Object> settings = new HashMap<>(topic.properties());
      settings.put("acks", "all");
      settings.put("enable.idempotence", "true");
      ByteArraySerializer bytes = new ByteArraySerializer();
      producer = new KafkaProducer<>(settings, bytes, bytes);
    }
    ProducerRecord<byte[], byte[]> letter =
        new ProducerRecord<>(topic.topic(), row.key(), row.value());
    row.headers()
        .forEach((name, text) -> letter.headers().add(name, text.getBytes(StandardCharsets.UTF_8)));
    CompletableFuture<Void> done = new CompletableFuture<>();
    producer.send(
        letter,
        (sent, error) -> {
          if (error == null) {
            done.complete(null);
          } else {
            done.completeExceptionally(error);
          }
        });
    return done;
  }

  @Override
  public synchronized void close() {
    if (producer != null) {
      producer.close(Duration.ZERO);
    }
  }
}
