import { ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { mountSmallDisk, smallDiskMissing } from '../test/harness/small-disk.ts'
import { ensureS3, startS3, type RunningS3 } from '../test/services/s3.ts'
import { describeWithService } from '../test/services/service.ts'
import { describeBlobStore } from './blob-store.contract.ts'
import { createS3BlobStore, type S3BlobStoreOptions } from './s3-blob-store.ts'

describeWithService('the blob store on S3', await ensureS3(), (installation) => {
  describeBlobStore(
    'S3',
    async () => {
      const server = await startS3(installation)
      const open = (options: Partial<S3BlobStoreOptions> = {}) =>
        createS3BlobStore({ ...locationOf(server), ...options })
      const { bucket, endpoint, region, credentials } = locationOf(server)
      const client = new S3Client({
        endpoint: endpoint!,
        region: region!,
        credentials: credentials!,
        forcePathStyle: true,
      })
      return {
        open,
        environment: server.environment,
        async leftovers() {
          const objects = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'incoming/' }))
          const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
          return [...(objects.Contents ?? []), ...(uploads.Uploads ?? [])].map(({ Key }) => Key!)
        },
        async openSmall() {
          const disk = await mountSmallDisk(4)
          const small = await startS3(installation, { objects: disk.directory })
          const store = createS3BlobStore(locationOf(small))
          return {
            store,
            async setReadOnly(isReadOnly) {
              await small.stop()
              small.setReadOnly(isReadOnly)
              await small.start()
            },
            async close() {
              await store.close()
              await small.close()
              await disk.close()
            },
          }
        },
        service: {
          ...server,
          misconfigured: () => [
            {
              store: open({ credentials: { ...credentials!, secretAccessKey: 'wrong' } }),
              variable: 'AWS_SECRET_ACCESS_KEY',
            },
            { store: open({ credentials: { ...credentials!, accessKeyId: 'nobody' } }), variable: 'AWS_ACCESS_KEY_ID' },
            { store: open({ bucket: 'missing-bucket' }), variable: 'S3_BUCKET' },
            { store: open({ region: 'eu-west-1' }), variable: 'AWS_REGION' },
          ],
        },
        async close() {
          client.destroy()
          await server.close()
        },
      }
    },
    smallDiskMissing === null
      ? {}
      : {
          'a full store says so, and takes what fits again': smallDiskMissing,
          'a read-only store is read, and refuses writes for good': smallDiskMissing,
        },
  )
})

function locationOf(server: RunningS3): S3BlobStoreOptions {
  const { environment } = server
  return {
    bucket: environment['S3_BUCKET']!,
    prefix: '',
    endpoint: environment['S3_ENDPOINT']!,
    region: environment['AWS_REGION']!,
    forcePathStyle: true,
    credentials: {
      accessKeyId: environment['AWS_ACCESS_KEY_ID']!,
      secretAccessKey: environment['AWS_SECRET_ACCESS_KEY']!,
    },
  }
}
